/** Defined by scripts/bundle.js, from package.json. */
declare const JOBS_API_VERSION: string | undefined;

/** Version of a bundle, or `development` if the sources are run. */
export const version = typeof JOBS_API_VERSION === 'string' ? JOBS_API_VERSION : 'development';
