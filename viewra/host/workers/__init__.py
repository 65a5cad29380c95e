"""One scan over many workers: the plan that they get, their hosts, and the engines that hand batches over to them.

``distribution.py`` decides what is distributed. ``plan.py`` is what a worker learns; ``worker_host.py`` and
``reading.py`` run on it. ``local_engine.py`` has processes of this machine, ``dask_engine.py`` a cluster of dask.
"""
