class X:
    capabilities = frozenset()
    location = "nowhere"
    feed = "none"

    def changes_since(self, s):
        return 0, []

    def check(self):
        return "ok"

    def close(self):
        pass


def open_gpus(config):
    return X()
