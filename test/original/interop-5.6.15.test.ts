import { converseWith } from './conversations.js'
import { familyOf } from './original.js'

converseWith(familyOf('5.6.15'))
