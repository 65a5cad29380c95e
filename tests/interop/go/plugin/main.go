// A go-plugin plugin for the tests; the versions that it speaks are its arguments (1 when there are none).
package main

import (
	"os"
	"strconv"

	"viewra.interop/echo"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

func main() {
	log := hclog.New(&hclog.LoggerOptions{Name: "interop", Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})
	set := plugin.PluginSet{echo.Name: &echo.Plugin{Log: log}}
	versions := map[int]plugin.PluginSet{}
	for _, argument := range os.Args[1:] {
		version, err := strconv.Atoi(argument)
		if err != nil {
			panic(err)
		}
		versions[version] = set
	}
	if len(versions) == 0 {
		versions[1] = set
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  echo.Handshake,
		VersionedPlugins: versions,
		GRPCServer:       plugin.DefaultGRPCServer,
		Logger:           log,
	})
}
