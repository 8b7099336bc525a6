"""The names that a program in JavaScript may use without declaring them: of the language, of node, of browsers."""

from __future__ import annotations

import re

LANGUAGE = """
AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error
EvalError FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array
Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
SharedArrayBuffer String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
Uint8ClampedArray WeakMap WeakRef WeakSet arguments decodeURI decodeURIComponent encodeURI encodeURIComponent
escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape
"""
NODE = """
AbortController AbortSignal Blob BroadcastChannel Buffer CompressionStream CryptoKey CustomEvent DOMException
DecompressionStream Event EventTarget File FormData Headers MessageChannel MessageEvent MessagePort
Performance ReadableStream Request Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder
TextEncoderStream TransformStream URL URLSearchParams WebAssembly WebSocket WritableStream __dirname
__filename atob btoa clearImmediate clearInterval clearTimeout console crypto exports fetch global module
navigator performance process queueMicrotask require setImmediate setInterval setTimeout structuredClone
"""
BROWSER = """
Audio CSS addEventListener removeEventListener dispatchEvent DOMParser DOMRect Document DocumentFragment
Element FileReader HTMLElement HTMLInputElement History Image IntersectionObserver KeyboardEvent Location
MouseEvent MutationObserver Node NodeList Notification Option PointerEvent Range ResizeObserver Selection
Storage Text Worker XMLHttpRequest alert cancelAnimationFrame confirm customElements document frames
getComputedStyle history indexedDB innerHeight innerWidth localStorage location matchMedia open origin parent
postMessage prompt requestAnimationFrame requestIdleCallback screen scrollTo self sessionStorage top window
"""
TESTS = "afterAll afterEach after before beforeAll beforeEach describe expect it jest suite test vi"
KNOWN = frozenset(f"{LANGUAGE} {NODE} {BROWSER} {TESTS}".split())
_OF_PAGES = re.compile(r"(?:HTML|SVG|CSS|WebGL|Media|RTC|IDB)\w+")


def is_known(name: str) -> bool:
    """Return whether a program may use *name* without declaring it."""
    return name in KNOWN or _OF_PAGES.fullmatch(name) is not None
