<?php // mail() as it stands: headers and a text; the Bcc header is for `sendmail` to take out.
$errand = json_decode(stream_get_contents(STDIN), flags: JSON_THROW_ON_ERROR);
$subject = "=?UTF-8?B?" . base64_encode($errand->subject) . "?=";
$headers = [
    "From" => $errand->sender,
    "Bcc" => $errand->hidden,
    "MIME-Version" => "1.0",
    "Content-Type" => "text/plain; charset=utf-8",
    "Content-Transfer-Encoding" => "8bit",
];
exit(mail($errand->recipient, $subject, $errand->text, $headers) ? 0 : 1);
