"""A stand-in for the WeChat mini-program server and for the real-name provider, over real HTTP."""
