import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import type { Application } from "../corpus.ts";

const PAGES = {
  "index.html": "welcome",
  "missing.html": "not here",
  "shop/index.html": "the shop",
  "lost.html": "lost",
};

export const application: Application = {
  async drive({ cloud, output }) {
    for (const [Key, Body] of Object.entries(PAGES))
      await cloud
        .client(S3Client)
        .send(new PutObjectCommand({ Bucket: output("Bucket"), Key, Body, ContentType: "text/html" }));
    const url = output("Url").replace(/\/$/, "");
    expect(await (await fetch(`${url}/`)).text()).toBe("welcome");
    expect(await (await fetch(`${url}/shop/`)).text()).toBe("the shop");
    // AWS: who may not list the bucket is not told that there is no such key.
    const missing = await fetch(`${url}/nowhere`);
    expect([missing.status, await missing.text()]).toEqual([403, "not here"]);
  },
  update: (template) => template.replace("ErrorDocument: missing.html", "ErrorDocument: lost.html"),
  async updated({ output }) {
    expect(await (await fetch(`${output("Url").replace(/\/$/, "")}/nowhere`)).text()).toBe("lost");
  },
  async clear({ cloud, output }) {
    for (const Key of Object.keys(PAGES))
      await cloud.client(S3Client).send(new DeleteObjectCommand({ Bucket: output("Bucket"), Key }));
  },
};
