/** Small grammars of texts in a spec. Each answers whether the whole text is one; none throws. */

/** An IPv4 address in dotted decimals, without leading zeros (Go refuses them). */
export const isIpv4 = (text: string): boolean =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => String(Number(part)) === part && +part < 256);

/** An IPv6 address (RFC 4291), without a zone and without brackets. */
export function isIpv6(text: string): boolean {
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':')) return false;
  return URL.canParse(`http://[${text}]/`);
}

/** An address of IPv4 or IPv6, and no host name. */
export const isIp = (text: string): boolean => isIpv4(text) || isIpv6(text);

/** `10.0.0.0/24` or `fd00::/8`, as Go's net.ParseCIDR takes it. */
export function isCidr(text: string): boolean {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const [, address = '', bits = ''] = match ?? [];
  return (isIpv4(address) && +bits <= 32) || (isIpv6(address) && +bits <= 128);
}

export const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && +text <= 65535;

/** `10.0.0.10:53` or `[fd00::1]:53`. */
export function isSocketAddress(text: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text);
  const [, v6, v4 = '', port = ''] = match ?? [];
  return isPort(port) && (v6 === undefined ? isIpv4(v4) : isIpv6(v6));
}

/** A DNS name (RFC 1123 labels, at most 253 characters), with or without the dot at the end. */
export function isDnsName(text: string): boolean {
  const name = text.replace(/\.$/, '');
  return name.length <= 253 && name.split('.').every((label) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i.test(label));
}

/** A quantity of Kubernetes (resource.Quantity) that is more than nothing: `10Gi`, `1.5T`, `500000000`. */
export const isStorageSize = (text: string): boolean =>
  /^\d+(\.\d+)?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E|e\d+)?$/.test(text) && Number.parseFloat(text) > 0;

const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Key of a Kubernetes label: a name, with a DNS name and a slash before it or not. */
export function isLabelKey(text: string): boolean {
  const parts = text.split('/');
  const [first = '', name] = parts;
  if (parts.length > 2) return false;
  return name === undefined ? labelName.test(first) : isDnsName(first) && labelName.test(name);
}

export const isLabelValue = (text: string): boolean => text === '' || labelName.test(text);

/** An image tag, or a digest in its place. */
export const isImageVersion = (text: string): boolean =>
  /^[A-Za-z0-9_][\w.-]{0,127}$/.test(text) || /^sha256:[0-9a-f]{64}$/.test(text);

/** `registry.example:5000`, without scheme and path. */
export const isRegistryHost = (text: string): boolean => /^([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?$/.test(text);
