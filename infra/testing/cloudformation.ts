// The part of CloudFormation that template.yaml uses: evaluates what a deployment with given parameters makes.
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';

export type TemplateValue = string | number | boolean | null | readonly TemplateValue[] | TemplateProperties;
export interface TemplateProperties {
  readonly [name: string]: TemplateValue;
}

interface Parameter {
  readonly Type: 'String' | 'Number';
  readonly Default?: string | number;
  readonly AllowedValues?: readonly (string | number)[];
  readonly AllowedPattern?: string;
  readonly MinLength?: number;
  readonly MinValue?: number;
  readonly MaxValue?: number;
}

interface Rule {
  readonly RuleCondition: TemplateValue;
  readonly Assertions: readonly { readonly Assert: TemplateValue; readonly AssertDescription: string }[];
}

interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: TemplateProperties;
}

/** A template in the long form: `!Ref X` as `{ Ref: 'X' }`, and every other function as `{ 'Fn::Name': … }`. */
interface Template {
  readonly Parameters: Readonly<Record<string, Parameter>>;
  readonly Rules: Readonly<Record<string, Rule>>;
  readonly Conditions: Readonly<Record<string, TemplateValue>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: TemplateValue }>>;
}

/** The resources and outputs of a deployment, without those that conditions leave out. */
export interface Deployment {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, TemplateValue>>;
}

/** Returns a value that has to be text. Numbers and booleans count as text, as they do for CloudFormation. */
export const textOf = (value: TemplateValue | undefined): string => {
  if (value === undefined || value === null || typeof value === 'object')
    throw new Error(`There is ${JSON.stringify(value)} in place of a text`);
  return String(value);
};

/** @throws if it is not well-formed, or has a key twice */
export const readTemplate = (yaml: string): Template => {
  // The library does not know CloudFormation's tags: it keeps them, and would only warn.
  const document = parseDocument(yaml, { logLevel: 'error' });
  const [error] = document.errors;
  if (error) throw error;
  return longForm(document.contents) as unknown as Template;
};

const longForm = (node: unknown): TemplateValue => {
  const value = untagged(node);
  const name = (node as { tag?: string } | null)?.tag;
  if (!name?.startsWith('!')) return value;
  return { [/^!(Ref|Condition)$/.test(name) ? name.slice(1) : `Fn::${name.slice(1)}`]: value };
};

const untagged = (node: unknown): TemplateValue => {
  if (isMap(node)) return Object.fromEntries(node.items.map(({ key, value }) => [String(key), longForm(value)]));
  if (isSeq(node)) return node.items.map(longForm);
  return isScalar(node) ? (node.value as TemplateValue) : null;
};

const NO_VALUE = Symbol('AWS::NoValue');

/**
 * Evaluates a template. A reference to a resource returns its logical id, or the one in `ids`; an attribute returns
 * `Id.Attribute`, and a pseudo parameter its own name.
 *
 * @throws if CloudFormation would reject the parameters, and if something refers to a resource that is not made
 */
export const deploy = (
  template: Template,
  given: Readonly<Record<string, string>> = {},
  ids: Readonly<Record<string, string>> = {},
): Deployment => {
  const parameters = acceptParameters(template.Parameters, given);

  const evaluate = (value: TemplateValue): TemplateValue => {
    const result = evaluateOrDrop(value);
    if (result === NO_VALUE) throw new Error('AWS::NoValue stands in place of a required value');
    return result;
  };

  const evaluateOrDrop = (value: TemplateValue): TemplateValue | typeof NO_VALUE => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return (value as TemplateValue[]).map(evaluateOrDrop).filter((item) => item !== NO_VALUE);
    const entries = Object.entries(value as TemplateProperties);
    const [[name, argument] = ['', null], ...others] = entries;
    if (others.length === 0 && /^(Ref|Condition|Fn::\w+)$/.test(name)) return call(name, argument);
    const kept = entries.map(([key, item]) => [key, evaluateOrDrop(item)] as const);
    return Object.fromEntries(kept.filter((entry): entry is [string, TemplateValue] => entry[1] !== NO_VALUE));
  };

  const call = (name: string, argument: TemplateValue): TemplateValue | typeof NO_VALUE => {
    const list = argument as readonly TemplateValue[];
    const item = (index: number): TemplateValue => evaluate(list[index] ?? null);
    switch (name) {
      case 'Ref':
        return argument === 'AWS::NoValue' ? NO_VALUE : reference(textOf(argument));
      case 'Condition':
        return holds(textOf(argument));
      case 'Fn::GetAtt':
        return attribute(textOf(argument));
      case 'Fn::Sub':
        return substitute(argument);
      case 'Fn::If':
        return evaluateOrDrop((holds(textOf(list[0])) ? list[1] : list[2]) ?? null);
      case 'Fn::Equals':
        return textOf(item(0)) === textOf(item(1));
      case 'Fn::Not':
        return item(0) === false;
      case 'Fn::And':
        return list.every((part) => evaluate(part) === true);
      case 'Fn::Or':
        return list.some((alternative) => evaluate(alternative) === true);
      case 'Fn::Split':
        return textOf(item(1)).split(textOf(list[0]));
      case 'Fn::Select':
        return textOf((item(1) as readonly TemplateValue[])[Number(list[0])]);
      default:
        throw new Error(`${name} is not understood here`);
    }
  };

  const holds = (condition: string): boolean => {
    const expression = template.Conditions[condition];
    if (expression === undefined) throw new Error(`There is no condition ${condition}`);
    return evaluate(expression) === true;
  };

  const made = (id: string): boolean => {
    const resource = template.Resources[id];
    return resource !== undefined && (resource.Condition === undefined || holds(resource.Condition));
  };

  const reference = (name: string): string => {
    const parameter = parameters[name];
    if (parameter !== undefined) return parameter;
    if (!name.startsWith('AWS::') && !made(name)) throw new Error(`There is no ${name}`);
    return ids[name] ?? name;
  };

  const attribute = (name: string): string => {
    const [id = '', path] = name.split(/\.(.*)/s);
    if (!made(id) || path === undefined) throw new Error(`There is no ${name}`);
    return name;
  };

  const substitute = (argument: TemplateValue): string => {
    const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, TemplateProperties];
    return text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
      const variable = variables[name];
      if (variable !== undefined) return textOf(evaluate(variable));
      return name.includes('.') ? attribute(name) : reference(name);
    });
  };

  for (const { RuleCondition, Assertions } of Object.values(template.Rules)) {
    const broken = Assertions.find(({ Assert }) => evaluate(RuleCondition) === true && evaluate(Assert) !== true);
    if (broken) throw new Error(broken.AssertDescription);
  }
  const resources = Object.entries(template.Resources)
    .filter(([id]) => made(id))
    .map(
      ([id, resource]) =>
        [id, { ...resource, Properties: evaluate(resource.Properties) as TemplateProperties }] as const,
    );
  const outputs = Object.entries(template.Outputs).map(([name, { Value }]) => [name, evaluate(Value)] as const);
  return { resources: Object.fromEntries(resources), outputs: Object.fromEntries(outputs) };
};

const acceptParameters = (
  declared: Template['Parameters'],
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => {
  const unknown = Object.keys(given).find((name) => !(name in declared));
  if (unknown) throw new Error(`There is no parameter ${unknown}`);
  const values = Object.entries(declared).map(([name, parameter]) => {
    const value = given[name] ?? parameter.Default;
    if (value === undefined) throw new Error(`${name} is missing`);
    if (!isAccepted(parameter, String(value))) throw new Error(`${name} cannot be '${value}'`);
    return [name, String(value)] as const;
  });
  return Object.fromEntries(values);
};

const isAccepted = (parameter: Parameter, value: string): boolean => {
  const { Type, AllowedValues, AllowedPattern = '', MinLength = 0, MinValue, MaxValue } = parameter;
  const number = Number(value);
  return (
    (AllowedValues?.some((allowed) => String(allowed) === value) ?? true) &&
    new RegExp(`^(?:${AllowedPattern || '.*'})$`, 's').test(value) &&
    value.length >= MinLength &&
    (Type === 'String' || (number >= (MinValue ?? number) && number <= (MaxValue ?? number)))
  );
};
