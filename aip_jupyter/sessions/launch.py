"""`python -m aip_jupyter.sessions.launch FD`: a session's kernel, as its agent starts it.

As ipykernel's own launcher does, this keeps the notebook's folder off the path while the kernel loads: a
`queue.py` beside the notebook must not stand in for Python's. The kernel puts the folder back.
"""

import os
import sys

if __name__ == "__main__":
    if sys.path[0] == os.getcwd():
        del sys.path[0]
    from aip_jupyter.sessions.gpu_memory import limit_memory
    from aip_jupyter.sessions.kernel import main

    limit_memory()
    main()
