import { isIP } from "node:net";

/**
 * Divides an address block, as `Fn::Cidr` does: the first `count` blocks that leave `subnetBits` bits for hosts.
 * @param block e.g. `10.0.0.0/16` or `2001:db8::/56`
 * @param count 1 to 256
 * @param subnetBits host bits of each block; default 8 (IPv4), 64 (IPv6)
 * @returns the blocks, or undefined where the block cannot be divided so
 */
export function cidrSubnets(block: string, count: number, subnetBits?: number): string[] | undefined {
  const [address = "", prefixText = ""] = block.split("/");
  const version = isIP(address);
  const prefix = Number(prefixText);
  if (version === 0 || !/^\d+$/.test(prefixText)) return undefined;
  const width = version === 4 ? 32 : 128;
  const bits = subnetBits ?? (version === 4 ? 8 : 64);
  const room = width - prefix - bits;
  if (!Number.isInteger(count) || count < 1 || count > 256 || room < 0 || bits < 1 || 2 ** room < count)
    return undefined;
  const value = version === 4 ? parseV4(address) : parseV6(address);
  const base = (value >> BigInt(width - prefix)) << BigInt(width - prefix);
  return Array.from({ length: count }, (_, index) => {
    const start = base + (BigInt(index) << BigInt(bits));
    return `${version === 4 ? writeV4(start) : writeV6(start)}/${width - bits}`;
  });
}

function parseV4(address: string): bigint {
  return address.split(".").reduce((value, part) => (value << 8n) + BigInt(part), 0n);
}

function writeV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

function parseV6(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].reduce((value, part) => (value << 16n) + BigInt(`0x${part}`), 0n);
}

function writeV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16));
  const zeros = /(^|:)0(:0)+(:|$)/;
  return groups.join(":").replace(zeros, "::");
}
