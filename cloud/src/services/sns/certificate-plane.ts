import type { DataPlane } from "../../service.ts";
import type { SnsState } from "./state.ts";

const PATH = /^\/SimpleNotificationService-([0-9a-f]{32})\.pem$/;

/** What `SigningCertURL` leads to: public, as on AWS. */
export const certificatePlane: DataPlane<SnsState, string> = {
  operation: "GetSigningCertificate",
  match: ({ method, path }, state) =>
    method === "GET" ? state.signing.findCertificate(PATH.exec(path)?.[1] ?? "") : undefined,
  authorize: () => [],
  async handle(_, __, certificate) {
    return { status: 200, headers: { "Content-Type": "application/x-pem-file" }, body: certificate };
  },
};
