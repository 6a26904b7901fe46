import { awsVariables, misspelledVariables, readAwsConfig, runChecks, type Finding } from '@jobs-api/adapters-aws';
import { httpVariables, readHttpConfig } from '@jobs-api/http-express';

const lineOf = ({ verdict, subject, text }: Finding): string =>
  `${verdict.padEnd(8)} ${subject.padEnd(17)} ${text.replace(/\s+/g, ' ')}\n`;

/** Writes one line per finding, and returns whether no check failed. */
export const check = async (
  env: Readonly<Record<string, string | undefined>>,
  output: { write(line: string): void },
): Promise<boolean> => {
  let isOk = true;
  const write = (finding: Finding) => {
    if (finding.verdict === 'failed') isOk = false;
    output.write(lineOf(finding));
  };

  const subject = 'configuration';
  const aws = readAwsConfig(env);
  const problems = [...(aws.problems ?? []), ...(readHttpConfig(env).problems ?? [])];
  for (const problem of problems) write({ subject, verdict: 'failed', text: `${problem}.` });
  for (const text of misspelledVariables(env, [...awsVariables, ...httpVariables]))
    write({ subject, verdict: 'warning', text });
  if (problems.length === 0) write({ subject, verdict: 'ok', text: 'All variables are valid.' });
  if (aws.config) for await (const finding of runChecks(aws.config)) write(finding);
  else
    write({
      subject: 'everything else',
      verdict: 'skipped',
      text: 'Not checked, because the configuration is invalid.',
    });
  return isOk;
};
