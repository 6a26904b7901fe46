import { types } from 'node:util';

/**
 * Jest runs tests in a sandbox with an `Error` of its own, so that Node's errors, a refused connection for one, are not
 * `instanceof Error` there. The AWS SDK goes by that when it decides what it may retry, and so do we.
 */
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return this === Error ? types.isNativeError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});

// The tests run on the oldest Node that we support, and need not be told that it is old.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
