"""``python -m nodewright`` is the ``nodewright`` command."""

import sys

if __name__ == "__main__":
    # ``-m`` puts the current directory first; code that lies there is not ours to run.
    if not sys.flags.safe_path:
        del sys.path[0]
    from nodewright.cli.app import main

    main()
