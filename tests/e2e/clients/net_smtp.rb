# Net::SMTP of Ruby's standard library.
require "json"
require "net/smtp"
require "openssl"

errand = JSON.parse($stdin.read, symbolize_names: true)
smtp = Net::SMTP.new(errand[:host], errand[:port])
context = OpenSSL::SSL::SSLContext.new
context.set_params(ca_file: errand[:ca]) unless errand[:ca].empty?
case errand[:tls]
when "starttls" then smtp.enable_starttls(context)
when "implicit" then smtp.enable_tls(context)
else smtp.disable_starttls
end
login = errand[:user].empty? ? [] : [errand[:user], errand[:password], :plain]
smtp.start("client.example", *login) do |session|
  session.send_message(File.binread(errand[:letter]), errand[:sender], errand[:recipient], errand[:hidden])
end
