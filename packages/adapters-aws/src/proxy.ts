/** The variables by which Node's agents choose a proxy. */
export type ProxyEnv = Readonly<Record<string, string>>;

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/**
 * Returns the variables of a proxy if `NODE_USE_ENV_PROXY=1` says that they are to be used. Node uses them for its
 * global agents only, not for ours.
 */
export const readProxyEnv = (env: Readonly<Record<string, string | undefined>>): ProxyEnv | undefined => {
  if (env.NODE_USE_ENV_PROXY !== '1') return undefined;
  const names = PROXY_VARIABLES.flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
};

/**
 * The options by which an agent of `node:http` or `node:https` uses the proxy. Node ignores them before 22.21
 * and 24.5 (https://nodejs.org/api/http.html#class-httpagent), and the types of Node 20 do not have them.
 */
export const agentOptions = (proxyEnv: ProxyEnv | undefined): object => (proxyEnv ? { proxyEnv } : {});
