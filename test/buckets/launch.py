# Runs one server of OpenStack Swift, or writes its rings. The arguments are the directory, and a server or "rings" with
# the ports of the servers. Debian's own programs read only /etc/swift.
import sys

directory, what = sys.argv[1:3]

import swift.common.utils as utils

utils.SWIFT_CONF_FILE = directory + '/swift.conf'

if what == 'rings':
    from swift.common.ring import RingBuilder

    for kind, port in zip(('account', 'container', 'object'), sys.argv[3:]):
        builder = RingBuilder(4, 1, 1)
        device = {'id': 0, 'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'disk', 'weight': 1}
        builder.add_dev(device)
        builder.rebalance()
        builder.get_ring().save(directory + '/' + kind + '.ring.gz')
else:
    from swift.common.wsgi import run_wsgi

    sys.exit(run_wsgi(directory + '/' + what + '.conf', what + '-server', verbose=True))
