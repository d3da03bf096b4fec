"""What Jiayi knows and does, packaged by feature; HTTP and the clock enter elsewhere."""
