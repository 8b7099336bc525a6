# id: 29
# name: stopped
# kind: host
# runs: 1
# contained: a run that stops itself and waits for ever ends with its time
import os, signal, time
for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU): os.kill(os.getpid(), number)
signal.sigwait({signal.SIGUSR1})
