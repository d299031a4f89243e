<?php // PHPMailer, the library behind WordPress and many shops.
foreach (["Exception", "PHPMailer", "SMTP"] as $class) {
    require "$argv[1]/$class.php";
}
$errand = json_decode(stream_get_contents(STDIN), flags: JSON_THROW_ON_ERROR);
$mail = new PHPMailer\PHPMailer\PHPMailer(exceptions: true);
$mail->isSMTP();
$mail->Host = $errand->host;
$mail->Port = $errand->port;
$mail->SMTPAuth = $errand->user !== "";
$mail->Username = $errand->user;
$mail->Password = $errand->password;
$mail->SMTPSecure = ["" => "", "starttls" => "tls", "implicit" => "ssl"][$errand->tls];
$mail->SMTPAutoTLS = $errand->tls !== "";
$mail->SMTPOptions = ["ssl" => ["cafile" => $errand->ca]];
$mail->CharSet = "utf-8";
$mail->setFrom($errand->sender);
$mail->addAddress($errand->recipient);
$mail->addBCC($errand->hidden);
$mail->Subject = $errand->subject;
$mail->Body = $errand->text;
$mail->addAttachment($errand->attachment);
$mail->send();
