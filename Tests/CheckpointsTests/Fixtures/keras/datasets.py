"""What h5py reads back from a file of Keras: every dataset by its path, those below `skip` left out."""
import h5py


def datasets(path, skip):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda n, o: found.update({n: o[()]})
                        if isinstance(o, h5py.Dataset) and not n.startswith(skip) else None)
    return found
