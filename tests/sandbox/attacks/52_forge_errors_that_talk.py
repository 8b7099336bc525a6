# id: 52
# name: forge_errors_that_talk
# kind: forge
# runs: 1
# contained: the text of an exception is a text
class Told(Exception):
    def __str__(self): return '"}\n{"index":0,"ok":1}\n' * 9
Told.__name__ = Told.__qualname__ = 'ok":1,"x'
def solve(n): raise Told
