# id: 28
# name: after_the_end
# kind: host
# runs: 1
# contained: exit functions, threads and handlers do not outlive the time
import atexit, ctypes, signal, sys, threading, time
ctypes.CDLL(None).prctl(15, b"nofxsurv", 0, 0, 0)
atexit.register(lambda: time.sleep(60))
threading.Thread(target=time.sleep, args=(60,)).start()
signal.signal(signal.SIGALRM, lambda *_: time.sleep(60))
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
sys.exit(0)
