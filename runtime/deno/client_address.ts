/**
 * Who a request comes from: the address of the connection, or, where that is a proxy of ours, the one that the
 * proxy names. What anybody else writes into a header is not believed.
 *
 * @module
 */
import { BlockList, isIPv6 } from "node:net";

/** Addresses as they are counted. */
export interface ClientAddresses {
  /** Whether a connection comes from a trusted proxy. */
  isProxy(address: string): boolean;
  /**
   * The address behind a connection. `forwarded` is the request's X-Forwarded-For: the last in it that is not a
   * proxy of ours, for each proxy has added whom it heard it from.
   */
  clientOf(connection: string, forwarded: string | null): string;
}

/** Knows these proxies: addresses and networks, as `TALKY_TRUSTED_PROXIES` takes them. */
export function clientAddresses(proxies: readonly string[]): ClientAddresses {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [address, bits] = proxy.split("/");
    const family = isIPv6(address!) ? "ipv6" : "ipv4";
    if (bits === undefined) trusted.addAddress(address!, family);
    else trusted.addSubnet(address!, Number(bits), family);
  }
  const isProxy = (address: string) => {
    const plain = unmapped(address);
    return trusted.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
  };
  return {
    isProxy,
    clientOf(connection, forwarded) {
      let client = connection;
      const hops = forwarded?.split(",").map((hop) => hop.trim()) ?? [];
      while (isProxy(client)) {
        const hop = hops.pop();
        // A proxy that names nobody is the client itself.
        if (hop === undefined || !isAddress(hop)) break;
        client = hop;
      }
      return unmapped(client);
    },
  };
}

/**
 * What is counted as one: of IPv6 the network that one customer has (/64), for its owner has all the addresses
 * in it.
 */
export function countedAs(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const first = head.split(":").filter(Boolean);
  const last = tail?.split(":").filter(Boolean) ?? [];
  const groups = [...first, ...Array(Math.max(0, 8 - first.length - last.length)).fill("0"), ...last];
  return `${groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":")}::/64`;
}

// ---

/** IPv4 as it is, not in IPv6's clothes (RFC 4291 §2.5.5.2). */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function isAddress(text: string): boolean {
  return /^\d+(\.\d+){3}$/.test(text) || isIPv6(text);
}
