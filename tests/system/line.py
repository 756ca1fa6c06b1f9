# SPDX-License-Identifier: Apache-2.0
# Words of the tests that break the line between carriers and the relay.
import socket, threading


class Line:
    """Between carriers and the relay. `garble` changes a byte on its way there; `cut()` breaks it off."""

    def __init__(self):
        self.to, self.garble, self.open = None, False, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            a, _ = self.listener.accept()
            b = socket.create_connection(("127.0.0.1", self.to), 60)
            self.open.append((a, b))
            for x, y, there in (a, b, True), (b, a, False):
                threading.Thread(target=self.carry, args=(x, y, there), daemon=True).start()

    def carry(self, x, y, there):
        try:
            while True:
                d = x.recv(65536)
                if not d:
                    break
                if there and self.garble:
                    self.garble, d = False, d[:-1] + bytes([d[-1] ^ 1])
                y.sendall(d)
        except OSError:
            pass
        for s in x, y:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        open, self.open = self.open, []
        for pair in open:
            for s in pair:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
