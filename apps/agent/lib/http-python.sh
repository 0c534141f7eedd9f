# python 3 or 2: HTTPS needs a version that checks the server's name (2.7.9, 3.4).

python_usable() {
	probe='import socket; socket.create_connection'
	if is_https; then probe='import ssl; ssl.create_default_context'; fi
	for python in python3 python2 python; do
		# Takes the program's own path: the name may be a script that searches for python at each start.
		CLIENT_TOOL=`"$python" -c "$probe; import sys; print(sys.executable)"` && return 0
	done
	return 1
}

python_prepare() { raw_prepare "$1"; }

python_exchange() {
	exec "$CLIENT_TOOL" -c '
import os, socket, sys
h, p, t, tls, ca = sys.argv[1:]
s = socket.create_connection((h, int(p)), float(t))
if tls:
 import ssl
 s = ssl.create_default_context(cafile=ca or None).wrap_socket(s, server_hostname=h)
while 1:
 b = os.read(0, 65536)
 if not b: break
 s.sendall(b)
while 1:
 b = s.recv(65536)
 if not b: break
 os.write(1, b)' \
		"$HOST" "$PORT" "$1" "`is_https && echo 1`" "$CA_FILE" <&4 4<&-
}
