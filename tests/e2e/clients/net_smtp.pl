# Net::SMTP of Perl's core; AUTH needs Authen::SASL, TLS needs IO::Socket::SSL.
use v5.30;
use warnings;
use JSON::PP;
use Net::SMTP;

my $errand = decode_json(join '', <STDIN>);
my @trust = (SSL_ca_file => $errand->{ca});
my @secure = $errand->{tls} eq 'implicit' ? (SSL => 1, @trust) : ();
my $smtp = Net::SMTP->new($errand->{host}, Port => $errand->{port}, Hello => 'client.example', @secure)
    or die "no connection: $@";
sub expect { my ($ok, $step) = @_; $ok or die "$step: " . $smtp->code . ' ' . $smtp->message }

expect($smtp->starttls(@trust), 'STARTTLS') if $errand->{tls} eq 'starttls';
expect($smtp->auth($errand->{user}, $errand->{password}), 'AUTH') if $errand->{user};
expect($smtp->mail($errand->{sender}), 'MAIL');
expect($smtp->to($errand->{recipient}, $errand->{hidden}), 'RCPT');
open my $letter, '<:raw', $errand->{letter} or die "$errand->{letter}: $!";
expect($smtp->data, 'DATA');
expect($smtp->datasend(<$letter>), 'data');
expect($smtp->dataend, 'end of data');
expect($smtp->quit, 'QUIT');
