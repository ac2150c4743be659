/**
 * Where webhooks may be sent: whatever is public, by https. Nothing that only this machine or its network can reach,
 * under whatever name and in whatever spelling (OWASP, Server-Side Request Forgery).
 *
 * @module
 */
import ipaddr from "ipaddr.js";

/** What an operator allows besides. */
export interface AddressRules {
  /** This machine's own addresses, by http as well and on any port: for development. */
  readonly loopback: boolean;
}

/** Why an address is not sent to; undefined where it may be. `address` is of IPv4 or IPv6, in any spelling. */
export function refuseAddress(address: string, { loopback }: AddressRules): string | undefined {
  if (!ipaddr.isValid(address)) return "is no address";
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range === "loopback" && loopback) return undefined;
  // Of IPv6 only what is given out: what is neither is of a future that this list does not know.
  const given = parsed.kind() === "ipv4" || parsed.match(ipaddr.parseCIDR("2000::/3"));
  if (range === "unicast" && given) return undefined;
  return `is not public (${range})`;
}

/** Why a URL is not sent to, as far as it says by itself; undefined where it may be. */
export function refuseUrl(url: URL, rules: AddressRules): string | undefined {
  const { protocol, hostname, username, password, port } = url;
  if (username || password) return "takes no user and password";
  const literal = addressIn(hostname);
  if (literal !== null) {
    const refusal = refuseAddress(literal, rules);
    if (refusal) return `${literal} ${refusal}`;
  }
  if (rules.loopback && isLoopback(hostname) && /^https?:$/.test(protocol)) return undefined;
  if (protocol !== "https:") return "must be a URL that starts with https://";
  if (!["", "443", "8443"].includes(port)) return "takes port 443 or 8443";
  if (isLocalName(hostname)) return `${hostname} is not public`;
}

/** The address that a URL's host is; null for a name. The URL's parser knows octal, decimal and short forms. */
export function addressIn(hostname: string): string | null {
  const bare = hostname.replace(/^\[(.*)\]$/, "$1");
  return ipaddr.isValid(bare) ? bare : null;
}

// ---

/** Names that are nobody's in public (RFC 6761, RFC 6762, RFC 9476), and those without a dot. */
function isLocalName(hostname: string): boolean {
  if (addressIn(hostname) !== null) return false;
  const name = hostname.replace(/\.$/, "");
  return !name.includes(".") || /\.(localhost|local|internal|alt|onion|home\.arpa)$/.test(name);
}

function isLoopback(hostname: string): boolean {
  const literal = addressIn(hostname);
  return literal === null
    ? /^([^.]+\.)*localhost\.?$/.test(hostname)
    : ipaddr.parse(literal).range() === "loopback";
}
