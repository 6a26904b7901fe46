import { AwsJson1_0Protocol } from '@aws-sdk/core/protocols';

/**
 * DynamoDB's protocol with answers as their JSON has them. The SDK's own goes through every attribute of every item once
 * more, which takes as long as parsing them did, to turn binary attributes into bytes and times into dates: our table has
 * none, and of a table's description we read no time.
 */
export class UnconvertedJsonProtocol extends AwsJson1_0Protocol {
  protected override readonly deserializer: AwsJson1_0Protocol['deserializer'] = {
    setSerdeContext: () => undefined,
    read: async (_schema, json) =>
      JSON.parse(typeof json === 'string' ? json : new TextDecoder().decode(json)) as never,
  };
}
