# id: 04
# name: write_outside
# kind: probe
# runs: 1
# contained: no directory but the scratch one can be written to
import os
here = os.path.realpath(".")
for folder, folders, names in os.walk("/"):
    if folder.count("/") > 3: folders.clear()
    if os.path.realpath(folder).startswith(here): continue
    try:
        os.close(os.open(folder + "/escaped", os.O_WRONLY | os.O_CREAT, 0o600))
        print("ESCAPED: wrote in", folder)
    except OSError: pass
