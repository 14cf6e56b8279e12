import assert from "node:assert/strict";
import fc from "fast-check";
import { isSecretName, maskArguments, maskSecrets, maskValue } from "../../lib/host/mask_secrets.ts";

Deno.test("names that tell of a secret are known, names of files and of the working folder are not", () => {
  const secret = [
    "password",
    "PGPASSWORD",
    "DB_PASS",
    "--db-password",
    "apiKey",
    "API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "GITHUB_TOKEN",
    "authToken",
    "ssh_key",
    "X-Auth-Token",
    "REDISCLI_AUTH",
    "pwd",
    "SSHPASS",
    "net.ipv4.tcp_fastopen_key",
    "CLIENT_SECRET",
    "cookie",
    `${"x".repeat(500)}_PASSWORD`,
  ];
  const open = [
    "PWD",
    "OLDPWD",
    "PATH",
    "bypass",
    "TOKEN_FILE",
    "password-file",
    "tcp_syncookies",
    "SyncookiesSent",
    "public_key",
    "key",
    "keyboard",
    "author",
    "compass",
    "",
    "---",
  ];
  assert.deepEqual(secret.filter((name) => !isSecretName(name)), []);
  assert.deepEqual(open.filter((name) => isSecretName(name)), []);
});

Deno.test("what is masked keeps its surroundings", () => {
  const cases: [string, string][] = [
    ["psql --password=hunter2 -h db", "psql --password=*** -h db"],
    ["tool --token hunter2 --verbose", "tool --token *** --verbose"],
    ["mysql -u root -phunter2 shop", "mysql -u root -p*** shop"],
    ["/usr/bin/mysqldump -phunter2", "/usr/bin/mysqldump -p***"],
    ["ssh -p 22 host", "ssh -p 22 host"],
    ["docker run -p 80:80 web", "docker run -p 80:80 web"],
    ["docker login -u me -p hunter2", "docker login -u me -p ***"],
    ["redis-cli -a hunter2 ping", "redis-cli -a *** ping"],
    ["curl -u me:hunter2 http://host/", "curl -u me:*** http://host/"],
    ["postgres://me:hunter2@db:5432/shop", "postgres://me:***@db:5432/shop"],
    ["redis://:hunter2@db", "redis://:***@db"],
    ["amqp://me:hun/ter2@mq/x", "amqp://me:***@mq/x"],
    ["http://host:8080/a@b", "http://host:8080/a@b"],
    ["ssh://git@host/x", "ssh://git@host/x"],
    ["http://[::1]:80/a@b", "http://[::1]:80/a@b"],
    ['{"password": "hunter2", "user": "me"}', '{"password": "***", "user": "me"}'],
    ['{\\"apiKey\\":\\"hunter2\\",\\"a\\":1}', '{\\"apiKey\\":\\"***\\",\\"a\\":1}'],
    ['curl -H "Authorization: Bearer hunter2" http://host', 'curl -H "Authorization: ***" http://host'],
    ["sent bearer abcdefgh12345678", "sent bearer ***"],
    ["the bearer of news", "the bearer of news"],
    ["<password>hunter2</password>", "<password>***</password>"],
    ["user[password]=hunter2&x=1", "user[password]=***"],
    ["requirepass hunter2", "requirepass ***"],
    ["TOKEN = hunter2\nnext", "TOKEN = ***\nnext"],
    ["Cookie: a=1; b=2\nHost: x", "Cookie: ***\nHost: x"],
    ["SyncookiesSent: 5", "SyncookiesSent: 5"],
    ["password authentication failed for me", "password authentication failed for me"],
    ["key 0123456789abcdef0123456789abcdef done", "key *** done"],
    ["api key: hunter2", "api key: ***"],
    [`key ${"0123456789abcdef".repeat(40)} done`, "key *** done"],
    ["key: value", "key: value"],
    ["id AKIAABCDEFGHIJKLMNOP.", "id ***."],
    ["eyJhbGciOi.eyJzdWIi.c2ln", "***"],
    ["ghp_0123456789abcdefghijABCDEFGHIJ", "***"],
    [
      "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb",
      "a\n-----BEGIN RSA PRIVATE KEY----- *** -----END RSA PRIVATE KEY-----\nb",
    ],
    [
      "-----BEGIN PRIVATE KEY-----\nMIIE",
      "-----BEGIN PRIVATE KEY----- *** -----END PRIVATE KEY-----",
    ],
    ["passwords: ['hun', 'ter']", "passwords: [***]"],
    ['password=""', 'password=""'],
    ["password:", "password:"],
  ];
  for (const [text, expected] of cases) assert.equal(maskSecrets(text), expected);
});

Deno.test("arguments that are known one by one are hidden whole, blanks and all", () => {
  assert.equal(maskArguments(["tool", "--password", "two words", "-v"]), "tool --password *** -v");
  assert.equal(maskArguments(["tool", "--password=two words", "-v"]), "tool --password=*** -v");
  assert.equal(maskArguments(["env", "TOKEN=two words"]), "env TOKEN=***");
  assert.equal(maskArguments(["sshpass", "-p", "two words", "ssh"]), "sshpass -p *** ssh");
  assert.equal(maskArguments([]), "");
});

Deno.test("a value goes by its name, else by its form", () => {
  assert.equal(maskValue("DB_PASSWORD", "x y z"), "***");
  assert.equal(maskValue("DB_PASSWORD", ""), "");
  assert.equal(maskValue("DATABASE_URL", "mysql://a:b@c"), "mysql://a:***@c");
  assert.equal(maskValue("LANG", "C.UTF-8"), "C.UTF-8");
});

/** A secret as nobody would write one by chance. */
const secret = fc.stringMatching(/^[A-Za-z0-9!#%^*()_+.~-]{12,30}$/)
  .filter((text) => /^[A-Za-z0-9]/.test(text) && /[A-Za-z0-9]$/.test(text))
  .map((text) => `Zq9${text}Zq9`);

const shapes: ((secret: string) => string)[] = [
  (s) => `--password=${s}`,
  (s) => `--password ${s}`,
  (s) => `--api-key '${s}'`,
  (s) => `-token ${s}`,
  (s) => `MY_TOKEN=${s}`,
  (s) => `export DB_PASSWORD="${s}"`,
  (s) => `password: ${s}`,
  (s) => `{"secret":"${s}"}`,
  (s) => `{"client_secret" : "${s}"}`,
  (s) => `Authorization: Bearer ${s}`,
  (s) => `"authorization":"Basic ${s}"`,
  (s) => `Cookie: sid=${s}; theme=dark`,
  (s) => `https://user:${s}@example.org/path`,
  (s) => `redis://:${s}@[::1]:6379/0`,
  (s) => `mysql -uroot -p${s}`,
  (s) => `sshpass -p ${s} ssh host`,
  (s) => `redis-cli -h h -a ${s}`,
  (s) => `curl --user me:${s} http://host`,
  (s) => `-----BEGIN EC PRIVATE KEY-----\n${s}\n-----END EC PRIVATE KEY-----`,
  (s) => `http://host/?access_token=${s}&x=1`,
  (s) => `<secret>${s}</secret>`,
];

Deno.test("a planted secret never survives, whatever stands around it", () => {
  const words = fc.array(fc.stringMatching(/^[a-z0-9/.,:-]{1,12}$/), { maxLength: 6 })
    .map((parts) => parts.join(" "));
  fc.assert(fc.property(secret, fc.constantFrom(...shapes), words, words, (planted, shape, before, after) => {
    const masked = maskSecrets(`${before}\n${shape(planted)} ${after}\n${before}`);
    assert.ok(!masked.includes(planted), masked);
  }));
});

Deno.test("masking twice changes nothing", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(...shapes.map((shape) => shape("hunter2hunter2"))),
    fc.constantFrom(
      "password",
      "=",
      ":",
      '"',
      "'",
      " ",
      "-----BEGIN PRIVATE KEY-----",
      "://",
      "@",
      "[",
      "{",
      "\\",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")), (text) => {
      const once = maskSecrets(text);
      assert.equal(maskSecrets(once), once);
    }),
    { numRuns: 500 },
  );
});

Deno.test("32 KiB of anything take no longer than a moment", () => {
  const bytes = 32 * 1024;
  const unit = fc.oneof(
    fc.constantFrom(
      "key=",
      "key ",
      "eyJ",
      "eyJaaaaaa.",
      "a://",
      "a://b:",
      "-----BEGIN PRIVATE KEY-----",
      "password=",
      'password="',
      "--password ",
      "mysql -p",
      "bearer ",
      "AKIA",
      "<password>",
      "\\",
      "cookie:",
      "key:\t",
      "A_",
      "aB",
    ),
    fc.string({ minLength: 1, maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 3 }).map((units) => units.join("")), (part) => {
      const text = part.repeat(Math.ceil(bytes / part.length));
      const startMs = performance.now();
      maskSecrets(text);
      assert.ok(
        performance.now() - startMs < 1000,
        `${performance.now() - startMs} ms for ${JSON.stringify(part)}`,
      );
    }),
    { numRuns: 100 },
  );
});
