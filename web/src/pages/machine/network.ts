/** Where a machine is in the network. */

/** The network of an IPv4 address that people think in; null when there is none. */
export function networkOf(ip: string): string | null {
  const match = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(ip);
  return match && ip !== '0.0.0.0' ? `${match[1]}.0/24` : null;
}
