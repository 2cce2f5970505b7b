calls
openai:gpt-5-mini · night… ███████████████████████████████████████████████ 1,240
lab:=1+1|evil · -          ▎                                                   8
other:m · -                ▏                                                   3

known cost
openai:gpt-5-mini · night… █████████████████████████████████████████████   $4.25
lab:=1+1|evil · -          ▎                                             $0.0200
other:m · -                                                              unknown

p95 of whole answers
openai:gpt-5-mini · night… █████████████████████████████████████████████  10.9 s
lab:=1+1|evil · -                                                        unknown
other:m · -                                                              unknown

simulated, no model was asked:

calls
openai:a-model-with-a-ver… ███████████████████████████████████████████████████ 8

known cost
openai:a-model-with-a-ver… █████████████████████████████████████████████ $0.0200
