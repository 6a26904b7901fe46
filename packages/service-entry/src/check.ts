import { runChecks, readAwsConfig } from '@jobs-api/adapters-aws';
import type { Finding } from '@jobs-api/adapters-aws';
import { readHttpConfig } from '@jobs-api/http-express';

const lineOf = ({ verdict, subject, text }: Finding): string =>
  `${verdict.padEnd(8)} ${subject.padEnd(17)} ${text.replace(/\s+/g, ' ')}\n`;

/** Writes what is right and what is not, a line each, and answers whether nothing failed. */
export const check = async (
  env: Readonly<Record<string, string | undefined>>,
  output: { write(line: string): void },
): Promise<boolean> => {
  let isRight = true;
  const tell = (finding: Finding) => {
    if (finding.verdict === 'failed') isRight = false;
    output.write(lineOf(finding));
  };

  const subject = 'configuration';
  const aws = readAwsConfig(env);
  const problems = [...(aws.problems ?? []), ...(readHttpConfig(env).problems ?? [])];
  for (const problem of problems) tell({ subject, verdict: 'failed', text: `${problem}.` });
  if (problems.length === 0) tell({ subject, verdict: 'ok', text: 'Every variable can be understood.' });
  if (aws.config) for await (const finding of runChecks(aws.config)) tell(finding);
  else
    tell({ subject: 'all else', verdict: 'skipped', text: 'Not looked at, because the configuration is not right.' });
  return isRight;
};
