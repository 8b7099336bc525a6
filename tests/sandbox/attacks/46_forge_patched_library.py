# id: 46
# name: forge_patched_library
# kind: forge
# runs: 1
# contained: replaced json, builtins, marshal and codec functions change values only
import base64, binascii, builtins, gc, json, json.encoder, marshal, sys, types
for module in (json, json.encoder, marshal, base64, binascii):
    for name in ('dumps', 'loads', 'dump', 'load', 'encode_basestring_ascii', 'b2a_base64'):
        if hasattr(module, name): setattr(module, name, lambda *a, **k: '1')
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and thing.__name__ in ('_write', 'dumps', '_values_read', '_call', 'parse'):
        thing.__code__ = (lambda *a, **k: '1').__code__.replace(co_freevars=thing.__code__.co_freevars)
builtins.type = builtins.len = builtins.sorted = lambda *a: 1
def solve(n): return 0
