import { AwsJson1_0Protocol } from '@aws-sdk/core/protocols';
import { collectBody } from '@smithy/core/protocols';

/**
 * DynamoDB's protocol with responses as their JSON has them. The SDK's own protocol visits every attribute of every item
 * again, which takes as long as parsing them, to convert binary attributes and times. Our table has no binary attributes,
 * and of a table's description no time is read.
 *
 * A response that is empty or not a JSON object is an error. The SDK's own protocol reads it as an object without
 * members, so that an existing job would be reported as missing.
 */
export class UnconvertedJsonProtocol extends AwsJson1_0Protocol {
  override async deserializeResponse(
    ...parameters: Parameters<AwsJson1_0Protocol['deserializeResponse']>
  ): Promise<never> {
    const [, context, response] = parameters;
    if (this.isErrorResponse(response.statusCode)) return super.deserializeResponse(...parameters);
    const body: unknown = JSON.parse(new TextDecoder().decode(await collectBody(response.body, context)));
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new SyntaxError('the response is not a JSON object');
    return Object.assign(body, { $metadata: this.deserializeMetadata(response) }) as never;
  }
}
