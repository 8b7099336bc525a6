# id: 27
# name: deaf_threads
# kind: host
# runs: 1
# contained: a run with every signal ignored and blocked, in many threads, ends with its time
import signal, threading
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for _ in range(4):
    threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()
