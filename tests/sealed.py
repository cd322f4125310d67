"""A machine without a network: only loopback is there, and what asks for any other address is written down.

    python tests/sealed.py COMMAND ...    # in `unshare -rn`; prints one line for each address asked for, on stderr

A new network namespace gets one interface that leads to nobody, and the default route to it: a name is looked up, a
connection begun, and the first packet of it is read here. The exit code is the command's, or 99 when something was
asked for. Sources: network_namespaces(7), veth(4), packet(7).
"""

import socket
import subprocess
import sys
import threading

ASKED = 99
_ETH_P_IP, _ETH_P_IPV6 = 0x0800, 0x86DD
_SET_UP = """
link set lo up
link add out type veth peer name nobody
link set out arp off up
link set nobody up
address add 192.0.2.1/24 dev out
route add default dev out
-6 address add 2001:db8::1/64 dev out nodad
-6 route add default dev out
"""
# What an interface of IPv6 says of itself: groups, neighbours, routers.
_ICMP6 = 58


def main(words: list[str]) -> int:
    for line in _SET_UP.split("\n"):
        if line:
            subprocess.run(["ip", *line.split()], check=True)
    asked: set[str] = set()
    reader = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
    reader.bind(("nobody", 0x0003))
    threading.Thread(target=_read, args=(reader, asked), daemon=True).start()
    code = subprocess.run(words, check=False).returncode
    for each in sorted(asked):
        print(f"asked for {each}", file=sys.stderr)
    return ASKED if asked else code


def _read(reader: socket.socket, asked: set[str]) -> None:
    while True:
        packet, (_, protocol, *_rest) = reader.recvfrom(2048)
        if protocol == _ETH_P_IP:
            begin = (packet[0] & 15) * 4
            asked.add(f"{socket.inet_ntoa(packet[16:20])} port {int.from_bytes(packet[begin + 2 : begin + 4], 'big')}")
        elif protocol == _ETH_P_IPV6 and packet[6] not in (_ICMP6, 0):
            asked.add(f"{socket.inet_ntop(socket.AF_INET6, packet[24:40])} port {int.from_bytes(packet[42:44], 'big')}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
