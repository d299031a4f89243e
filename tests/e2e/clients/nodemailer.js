// nodemailer; `require` finds it through NODE_PATH.
const nodemailer = require("nodemailer");
const { readFileSync } = require("node:fs");

const errand = JSON.parse(readFileSync(0, "utf8"));
const transport = nodemailer.createTransport({
  host: errand.host,
  port: errand.port,
  secure: errand.tls === "implicit",
  requireTLS: errand.tls === "starttls",
  tls: errand.ca ? { ca: readFileSync(errand.ca) } : undefined,
  auth: errand.user ? { user: errand.user, pass: errand.password } : undefined,
});

(async () => {
  await transport.verify();
  await transport.sendMail({
    from: errand.sender,
    to: errand.recipient,
    bcc: errand.hidden,
    subject: errand.subject,
    text: errand.text,
    attachments: [{ path: errand.attachment }],
  });
})();
