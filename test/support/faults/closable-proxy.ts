import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../free-port.ts';

/** A proxy in front of a server. While the proxy is closed nobody listens at its port, so connections are refused. */
export type ClosableProxy = {
  readonly port: number;
  /** Listens again, and passes connections on to this port. */
  open(target: number): Promise<void>;
  /** Ends its connections and refuses new ones. */
  close(): Promise<void>;
};

/** The parameters of the template that let the functions reach all providers through this proxy. */
export const providersBehind = ({ port }: ClosableProxy): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['DashScopeUrl', 'EvoLinkUrl', 'FalUrl'].map((name) => [name, `http://127.0.0.1:${port}/mock`]),
  );

export async function closableProxy(): Promise<ClosableProxy> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => sockets.delete(from));
    from.pipe(to);
  };

  return {
    port,
    open: async (target) => {
      server = createServer((client) => {
        const upstream = connect(target, '127.0.0.1');
        pass(client, upstream);
        pass(upstream, client);
      });
      await once(server.listen(port, '127.0.0.1'), 'listening');
    },
    close: async () => {
      if (!server?.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
