/** Regions whose Availability Zones are not a, b and c. */
const ZONE_LETTERS: Readonly<Record<string, string>> = {
  "us-east-1": "abcdef",
  "us-west-1": "ac",
  "us-west-2": "abcd",
  "ap-northeast-1": "acd",
  "ap-northeast-2": "abcd",
  "ca-central-1": "abd",
  "sa-east-1": "abc",
};

/** The Availability Zones of a Region that a new account sees, e.g. `us-east-1a`. */
export function availabilityZones(region: string): string[] {
  return [...(ZONE_LETTERS[region] ?? "abc")].map((letter) => `${region}${letter}`);
}
