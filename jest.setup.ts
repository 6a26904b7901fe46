import { types } from 'node:util';

/**
 * Jest runs tests in a sandbox with its own `Error`, so that errors of Node, such as a refused connection, are not
 * `instanceof Error` there. The AWS SDK and our code use `instanceof` to decide what may be retried.
 */
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return this === Error ? types.isNativeError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});

// The tests run on the oldest supported Node too. The warning of the SDK about it is turned off.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
