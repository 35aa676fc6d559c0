"""The kit: everything that a machine without a network needs, in one folder with hashes. CONNECTED SIDE, and its installer.

``build`` puts it together: wheels (``wheels``), llama.cpp compiled so that it runs on other processors than this one
(``engine``), models, prompts, the bill of materials (``bill``) and ``SHA256SUMS`` (``sums``). ``install.sh`` goes with it and is
all that runs on the other side before the program itself.
"""
