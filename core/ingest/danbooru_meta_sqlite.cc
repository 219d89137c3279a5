// To be written by the folder's owner.
