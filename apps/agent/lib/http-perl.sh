# perl: IO::Socket since 5.6. HTTPS needs IO::Socket::SSL 1.84, which checks the server's name.

perl_usable() {
	if is_https; then perl -e 'use IO::Socket::SSL 1.84'; else perl -e 'use IO::Socket'; fi
}

perl_prepare() { raw_prepare "$1"; }

perl_exchange() {
	exec perl -e '
use IO::Socket;
my ($h, $p, $t, $tls, $ca) = @ARGV;
$SIG{ALRM} = sub { die "no answer in $t s\n" };
alarm $t;
my @to = (PeerAddr => $h, PeerPort => $p, Proto => "tcp");
my ($s, $e);
if ($tls) {
require IO::Socket::SSL;
$s = IO::Socket::SSL->new(@to, SSL_verify_mode => 1, SSL_verify_callback => sub { $_[0] or $e = Net::SSLeay::X509_verify_cert_error_string(Net::SSLeay::X509_STORE_CTX_get_error($_[1])); $_[0] }, SSL_verifycn_scheme => "http", SSL_verifycn_name => $h, SSL_hostname => $h,
$ca ? (SSL_ca_file => $ca) : ()) or die IO::Socket::SSL::errstr(), " $e\n";
} else {
my $inet = "IO::Socket::INET";
if ($h =~ /:/) { require IO::Socket::IP; $inet = "IO::Socket::IP" }
$s = $inet->new(@to) or die "$@\n" }
sub put { my ($f, $b, $o, $n) = (@_, 0); while ($o < length $b) { defined($n = $f->syswrite($b, length($b) - $o, $o)) or die "$!\n"; $o += $n } }
binmode $_ for *STDIN, *STDOUT;
my $b;
put($s, $b) while sysread STDIN, $b, 65536;
while ($s->sysread($b, 65536)) { alarm $t; put(*STDOUT{IO}, $b) }' \
		"$HOST" "$PORT" "$1" "`is_https && echo 1`" "$CA_FILE" <&4 4<&-
}
