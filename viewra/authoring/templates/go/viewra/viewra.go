// Package viewra has what plugins of Viewra written in Go share, in packages of its module:
//
//   - pb: the messages and services of every plugin (plugin.proto)
//   - viewrapb: Viewra's additions to them (viewra.proto)
//   - viewrahttp: answers HTTP requests with net/http handlers
//   - viewrahost: asks the host: values, library, HTTP, assets and the like
//
// pb and viewrapb are generated, by a Python that has grpcio-tools and with these on the PATH:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
package viewra

//go:generate python -m grpc_tools.protoc -I../../../../../proto --go_out=. --go_opt=module=viewra.example --go-grpc_out=. --go-grpc_opt=module=viewra.example viewra/pb/plugin.proto viewra/pb/viewra.proto
