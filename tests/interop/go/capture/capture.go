// Package capture keeps what a plugin prints and logs, for hosts that tell it afterwards.
package capture

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// Buffer is a bytes.Buffer that several goroutines may use.
type Buffer struct {
	mutex sync.Mutex
	data  bytes.Buffer
}

// Write appends.
func (b *Buffer) Write(data []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.data.Write(data)
}

// String is everything written so far.
func (b *Buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.data.String()
}

// WaitFor returns as soon as text has been written, or after a while without it.
func (b *Buffer) WaitFor(text string) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(b.String(), text) {
			return
		}
	}
}
