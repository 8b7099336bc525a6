"""Patterns that are a class with state; time is passed in, so that their tests never wait."""

from __future__ import annotations

from apps.knowledge.engine.pattern_model import Pattern

CLASS_PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        name="counter with state",
        intent="Count things by name.",
        keywords=("counter", "count", "total", "add", "increment", "tally", "class", "reset"),
        entry="Counter",
        parameters=(),
        template='''class Counter:
    """Adds up amounts; total() is their sum."""

    def __init__(self):
        self._total = 0

    def add(self, amount=1):
        """Add amount; ValueError when it is negative."""
        if amount < 0:
            raise ValueError("A counter only counts up.")
        self._total += amount

    def total(self):
        """Return the sum of all amounts since the last reset."""
        return self._total

    def reset(self):
        """Start again from zero."""
        self._total = 0
''',
        tests="""import pytest


def test_amounts_add_up_until_the_reset():
    counter = Counter()
    counter.add(2)
    counter.add()
    assert counter.total() == 3
    counter.reset()
    assert counter.total() == 0


def test_a_refused_amount_changes_nothing():
    counter = Counter()
    with pytest.raises(ValueError):
        counter.add(-1)
    assert counter.total() == 0
""",
        when_not="Several threads or processes count at once.",
        is_class=True,
    ),
    Pattern(
        name="token bucket rate limiter",
        intent="Allow bursts up to a capacity and a steady rate on average.",
        keywords=("rate", "limiter", "limit", "token", "bucket", "burst", "throttle", "second", "allow", "capacity"),
        entry="RateLimiter",
        parameters=("rate", "capacity", "clock"),
        optional=1,
        template='''import time


class RateLimiter:
    """A token bucket: rate tokens a second flow in, up to capacity; each allowed call takes some out."""

    def __init__(self, rate, capacity, clock=time.monotonic):
        if rate <= 0 or capacity <= 0:
            raise ValueError("Rate and capacity must be positive.")
        self._rate = rate
        self._capacity = capacity
        self._clock = clock
        self._tokens = capacity
        self._updated = clock()

    def allow(self, tokens=1):
        """Tell whether the call may go on, and take its tokens if so."""
        now = self._clock()
        self._tokens = min(self._capacity, self._tokens + (now - self._updated) * self._rate)
        self._updated = now
        if tokens > self._tokens:
            return False
        self._tokens -= tokens
        return True
''',
        tests="""import pytest


def test_a_burst_is_allowed_and_then_the_rate():
    now = [0.0]
    limiter = RateLimiter(2, 3, lambda: now[0])
    assert [limiter.allow() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert limiter.allow()
    assert not limiter.allow()


def test_the_bucket_never_holds_more_than_its_capacity():
    now = [0.0]
    limiter = RateLimiter(1, 2, lambda: now[0])
    now[0] = 100.0
    assert [limiter.allow() for _ in range(3)] == [True, True, False]


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError):
        RateLimiter(0, 1)
""",
        when_not="The limit is shared by several processes: keep the bucket in the database.",
        is_class=True,
    ),
    Pattern(
        name="LRU cache",
        intent="Keep the most recently used values, up to a number of them.",
        keywords=("lru", "cache", "least", "recently", "used", "evict", "capacity", "get", "put"),
        entry="LRUCache",
        parameters=("capacity",),
        template='''from collections import OrderedDict


class LRUCache:
    """Keeps up to capacity values; the one used longest ago goes first."""

    def __init__(self, capacity):
        if capacity < 1:
            raise ValueError("A cache holds at least one value.")
        self._capacity = capacity
        self._values = OrderedDict()

    def get(self, key, default=None):
        """Return the value of key and count it as used; default when it is not there."""
        if key not in self._values:
            return default
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key, value):
        """Set the value of key; may drop the value used longest ago."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def __len__(self):
        return len(self._values)

    def __contains__(self, key):
        return key in self._values
''',
        tests="""import pytest


def test_the_value_used_longest_ago_goes_first():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert cache.get("b") is None
    assert len(cache) == 2 and "a" in cache


def test_a_cache_of_nothing_is_refused():
    with pytest.raises(ValueError):
        LRUCache(0)
""",
        when_not="The values of a pure function are cached: functools.lru_cache does that.",
        is_class=True,
    ),
    Pattern(
        name="TTL cache",
        intent="Keep values for a limited time.",
        keywords=("ttl", "cache", "expire", "expiry", "time", "seconds", "live", "get", "set"),
        entry="TTLCache",
        parameters=("ttl", "clock"),
        optional=1,
        template='''import time


class TTLCache:
    """Keeps each value for ttl seconds."""

    def __init__(self, ttl, clock=time.monotonic):
        if ttl <= 0:
            raise ValueError("The time to live must be positive.")
        self._ttl = ttl
        self._clock = clock
        self._values = {}

    def get(self, key, default=None):
        """Return the value of key while it lives, default afterwards."""
        if key not in self._values:
            return default
        value, expires = self._values[key]
        if self._clock() >= expires:
            del self._values[key]
            return default
        return value

    def set(self, key, value):
        """Set the value of key; its time starts anew."""
        self._values[key] = (value, self._clock() + self._ttl)

    def __len__(self):
        now = self._clock()
        return sum(now < expires for _, expires in self._values.values())
''',
        tests="""import pytest


def test_a_value_lives_for_its_time_and_no_longer():
    now = [0.0]
    cache = TTLCache(10, lambda: now[0])
    cache.set("a", 1)
    now[0] = 9.9
    assert cache.get("a") == 1 and len(cache) == 1
    now[0] = 10.0
    assert cache.get("a", "gone") == "gone" and len(cache) == 0


def test_a_time_of_nothing_is_refused():
    with pytest.raises(ValueError):
        TTLCache(0)
""",
        when_not="Memory matters and keys are many: values that nobody asks for again stay.",
        is_class=True,
    ),
)
