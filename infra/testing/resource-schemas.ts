// Compares what a deployment makes with CloudFormation's own schemas, so that a property that does not exist, or is of
// another type, fails here and not at the first deployment.
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Deployment, TemplateProperties, TemplateValue } from './cloudformation.ts';

const specification = loadAwsServiceSpecSync();

type Specification = typeof specification;
type Resource = ReturnType<Specification['all']>[number] & { readonly properties: Record<string, Property> };
interface Property {
  readonly type: Type;
  readonly required?: boolean;
}
type Type =
  | { readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'json' | 'date-time' | 'null' | 'tag' }
  | { readonly type: 'array' | 'map'; readonly element: Type }
  | { readonly type: 'union'; readonly types: readonly Type[] }
  | { readonly type: 'ref'; readonly reference: { readonly $ref: string } };

/** Properties that SAM documents and the schemas lack (https://docs.aws.amazon.com/serverless-application-model). */
const MISSING_IN_SCHEMAS = new Set([
  'AWS::Serverless::Function.LoggingConfig',
  'AWS::Serverless::HttpApi.AccessLogSettings',
]);

/** Returns everything in a deployment that the schemas do not allow, a line each. */
export const schemaProblems = ({ resources }: Deployment): string[] =>
  Object.entries(resources).flatMap(([id, { Type, Properties: properties }]) => {
    const [resource] = specification.lookup('resource', 'cloudFormationType', 'equals', Type) as unknown as Resource[];
    if (!resource) return [`${id} is of the type ${Type}, which does not exist`];
    return problemsOfObject(resource.properties, properties, `${id} (${Type})`, Type);
  });

const problemsOfObject = (
  known: Readonly<Record<string, Property>>,
  given: TemplateProperties,
  path: string,
  type?: string,
): string[] => [
  ...Object.entries(known)
    .filter(([name, { required }]) => required && !(name in given))
    .map(([name]) => `${path} lacks ${name}`),
  ...Object.entries(given).flatMap(([name, value]) => {
    if (MISSING_IN_SCHEMAS.has(`${type}.${name}`)) return [];
    const property = known[name];
    return property ? problemsOf(property.type, value, `${path}.${name}`) : [`${path} has no property ${name}`];
  }),
];

const problemsOf = (type: Type, value: TemplateValue, path: string): string[] => {
  const isList = Array.isArray(value);
  const isObject = value !== null && typeof value === 'object' && !isList;
  const unless = (isRight: boolean, expected: string) => (isRight ? [] : [`${path} is not ${expected}`]);
  switch (type.type) {
    case 'json':
      return [];
    case 'string':
    case 'date-time':
      return unless(!isObject && !isList, 'text');
    case 'number':
    case 'integer':
      return unless(!isObject && !isList && Number.isFinite(Number(value)), 'a number');
    case 'boolean':
      return unless(/^"?(true|false)"?$/.test(JSON.stringify(value)), 'true or false');
    case 'null':
      return unless(value === null, 'null');
    case 'tag':
      return unless(isObject, 'a tag');
    case 'array':
      if (!isList) return [`${path} is not a list`];
      return (value as readonly TemplateValue[]).flatMap((item, index) =>
        problemsOf(type.element, item, `${path}[${index}]`),
      );
    case 'map':
      if (!isObject) return [`${path} is not a map`];
      return Object.entries(value as TemplateProperties).flatMap(([name, item]) =>
        problemsOf(type.element, item, `${path}.${name}`),
      );
    case 'union': {
      const problems = type.types.map((alternative) => problemsOf(alternative, value, path));
      return problems.find((found) => found.length === 0) ?? problems[0] ?? [];
    }
    case 'ref': {
      if (!isObject) return [`${path} is not an object`];
      const { properties } = specification.get('typeDefinition', type.reference) as unknown as Resource;
      return problemsOfObject(properties, value as TemplateProperties, path);
    }
  }
};
