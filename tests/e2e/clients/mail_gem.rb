# The mail gem, as Rails' ActionMailer uses it.
require "json"
require "mail"

errand = JSON.parse($stdin.read, symbolize_names: true)
settings = { address: errand[:host], port: errand[:port], domain: "client.example" }
settings[:enable_starttls_auto] = false
settings[:enable_starttls] = true if errand[:tls] == "starttls"
settings[:tls] = true if errand[:tls] == "implicit"
settings[:ca_file] = errand[:ca] unless errand[:ca].empty?
unless errand[:user].empty?
  settings.update(user_name: errand[:user], password: errand[:password], authentication: "login")
end

mail = Mail.new(charset: "UTF-8")
mail.from = errand[:sender]
mail.to = errand[:recipient]
mail.bcc = errand[:hidden]
mail.subject = errand[:subject]
mail.body = errand[:text]
mail.add_file(errand[:attachment])
mail.delivery_method(:smtp, settings)
mail.deliver!
