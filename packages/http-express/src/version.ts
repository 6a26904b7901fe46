/** Put in by scripts/bundle.js, out of package.json. */
declare const JOBS_API_VERSION: string | undefined;

/** Of what is running; from source, which may be anything, it is `development`. */
export const version = typeof JOBS_API_VERSION === 'string' ? JOBS_API_VERSION : 'development';
